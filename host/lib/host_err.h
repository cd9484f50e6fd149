/** Errors of the host library: 0 = ok, negative; the text of the last one stands in struct line. */
#ifndef OPEN382_HOST_ERR_H
#define OPEN382_HOST_ERR_H

enum host_err {
    HOST_OK = 0,
    HOST_ERR_URL = -1,      /**< the meter's address cannot be understood */
    HOST_ERR_OPEN = -2,     /**< port or connection cannot be opened */
    HOST_ERR_IO = -3,       /**< the line broke while in use */
    HOST_ERR_SILENT = -4,   /**< nothing, or nothing that makes sense, came back in time */
    HOST_ERR_PROTOCOL = -5, /**< an answer came but says something else than it should */
    HOST_ERR_SPACE = -6,    /**< more came than the caller has room for */
};

#endif
