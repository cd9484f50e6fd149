/**
 * The GSM/GPRS module (gsm_module.h) as a module that can be plugged; articles 68 50 053 and 054.
 * Its modem is on the place that it has (a serial line, or whoever connects there), or it calls
 * one, modem=tcp:HOST:PORT.  All other options are those of gsm_setup.h; they are kept in its
 * memory.
 */
#ifndef OPEN382_MODULES_GSM_PLUG_H
#define OPEN382_MODULES_GSM_PLUG_H

#include "module.h"

extern const struct module_type gsm_module_type;

#endif
