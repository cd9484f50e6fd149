#include "eeprom_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/meter/board.h"

#define EEPROM_BLANK       0xFF /* what an erased memory chip reads as */
#define EEPROM_CHUNK       4096u
#define EEPROM_PATH_MAX    4096
#define EEPROM_FILE_MODE   0600 /* keys and passwords are in it */
#define EEPROM_FOLDER_MODE 0755

static const struct {
    const char *name, *fresh; /* fresh: name while it is being made */
    uint32_t size;
    uint32_t older_size; /* of earlier versions, whose rest is blank now; 0: there was none */
} parts[EEPROM_PARTS] = {
    [EEPROM_LEGAL] = {"legal.eeprom", "legal.eeprom.new", LEGAL_MEMORY_BYTES, 0},
    [EEPROM_LOG] = {"legal-log.eeprom", "legal-log.eeprom.new", LEGAL_LOG_BYTES, 0},
    [EEPROM_APP] = {"app.eeprom", "app.eeprom.new", BOARD_APP_MEMORY_BYTES, 65536},
    [EEPROM_CLOCK] = {"clock.chip", "clock.chip.new", EEPROM_CHUNK, 0},
    [EEPROM_BREAKER] = {"breaker.relay", "breaker.relay.new", EEPROM_CHUNK, 0},
    [EEPROM_FIRMWARE] = {"firmware.image", "firmware.image.new",
                         EEPROM_FIRMWARE_HEAD + EEPROM_FIRMWARE_BYTES, 0},
    [EEPROM_MODULES] = {"module.memory", "module.memory.new", EEPROM_CHUNK, 0},
};

/* The folder with all that lead to it. */
static int folder_make(const char *folder)
{
    char path[EEPROM_PATH_MAX];
    const size_t length = strlen(folder);
    if (length == 0 || length >= sizeof path) {
        errno = length == 0 ? ENOENT : ENAMETOOLONG;
        return -1;
    }
    memcpy(path, folder, length + 1);
    for (char *at = path + 1; *at != '\0'; at++) {
        if (*at == '/') {
            *at = '\0';
            (void)mkdir(path, EEPROM_FOLDER_MODE);
            *at = '/';
        }
    }
    return mkdir(path, EEPROM_FOLDER_MODE) == 0 || errno == EEXIST ? 0 : -1;
}

/* An older memory in front, blank behind it. */
static int fill(int fd, uint32_t size, int older, uint32_t older_size)
{
    uint8_t chunk[EEPROM_CHUNK];
    for (uint32_t done = 0; done < size; done += EEPROM_CHUNK) {
        memset(chunk, EEPROM_BLANK, sizeof chunk);
        if ((done < older_size &&
             pread(older, chunk, sizeof chunk, (off_t)done) != (ssize_t)sizeof chunk) ||
            pwrite(fd, chunk, sizeof chunk, (off_t)done) != (ssize_t)sizeof chunk) {
            errno = errno == 0 ? ENOSPC : errno;
            return -1;
        }
    }
    return fsync(fd);
}

/* A new memory, or the longer one in place of an older one, appears under its name whole or not at
 * all. */
static int part_make(int folder, enum eeprom_part part, int older, uint32_t older_size)
{
    const int fd =
        openat(folder, parts[part].fresh, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, EEPROM_FILE_MODE);
    if (fd < 0) {
        return -1;
    }
    errno = 0;
    if (fill(fd, parts[part].size, older, older_size) != 0 ||
        renameat(folder, parts[part].fresh, folder, parts[part].name) != 0) {
        const int error = errno;
        (void)close(fd);
        (void)unlinkat(folder, parts[part].fresh, 0);
        errno = error;
        return -1;
    }
    return fd;
}

/* What is there already must be a memory image; looked at before anything is made. */
static int part_check(int folder, const char *folder_name, enum eeprom_part part,
                      struct problem *problem)
{
    struct stat status;
    if (fstatat(folder, parts[part].name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT ? 0
                               : problem_set(problem, EXIT_NOT_ABLE, "%s/%s: %s", folder_name,
                                             parts[part].name, strerror(errno));
    }
    if (!S_ISREG(status.st_mode)) {
        return problem_set(problem, EXIT_BAD_INPUT, "%s/%s: expected a regular file", folder_name,
                           parts[part].name);
    }
    if (status.st_size != (off_t)parts[part].size &&
        (parts[part].older_size == 0 || status.st_size != (off_t)parts[part].older_size)) {
        return problem_set(problem, EXIT_BAD_INPUT,
                           "%s/%s: expected a memory image of %lu bytes, found %lld", folder_name,
                           parts[part].name, (unsigned long)parts[part].size,
                           (long long)status.st_size);
    }
    return 0;
}

/* A memory of an earlier version grows; what it holds stays where it is. */
static int part_extend(int folder, enum eeprom_part part, int older)
{
    struct stat status;
    if (fstat(older, &status) != 0 || status.st_size == (off_t)parts[part].size) {
        return older;
    }
    const int fd = part_make(folder, part, older, parts[part].older_size);
    const int error = errno;
    (void)close(older);
    errno = error;
    return fd;
}

static int part_open(struct eeprom *eeprom, const char *folder, enum eeprom_part part,
                     struct problem *problem)
{
    int fd = openat(eeprom->folder, parts[part].name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT) {
        fd = part_make(eeprom->folder, part, -1, 0);
    } else if (fd >= 0) {
        fd = part_extend(eeprom->folder, part, fd);
    }
    if (fd < 0) {
        return problem_set(problem, EXIT_NOT_ABLE, "%s/%s: %s", folder, parts[part].name,
                           strerror(errno));
    }
    void *mapped = mmap(NULL, parts[part].size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    const int error = errno;
    (void)close(fd);
    if (mapped == MAP_FAILED) {
        return problem_set(problem, EXIT_NOT_ABLE, "%s/%s: %s", folder, parts[part].name,
                           strerror(error));
    }
    eeprom->bytes[part] = mapped;
    return 0;
}

static int folder_open(struct eeprom *eeprom, const char *folder, struct problem *problem)
{
    if (folder_make(folder) != 0) {
        return problem_set(problem, EXIT_NOT_ABLE, "--data: can't create %s: %s", folder,
                           strerror(errno));
    }
    eeprom->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (eeprom->folder < 0) {
        return problem_set(problem, errno == ENOTDIR ? EXIT_BAD_INPUT : EXIT_NOT_ABLE,
                           "--data: %s: %s", folder, strerror(errno));
    }
    if (flock(eeprom->folder, LOCK_EX | LOCK_NB) != 0) {
        return problem_set(problem, EXIT_NOT_ABLE, "--data: %s is in use by another meter", folder);
    }
    return 0;
}

static int ram_open(struct eeprom *eeprom, struct problem *problem)
{
    for (int part = 0; part < EEPROM_PARTS; part++) {
        void *mapped = mmap(NULL, parts[part].size, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (mapped == MAP_FAILED) {
            return problem_set(problem, EXIT_NOT_ABLE, "memory: %s", strerror(errno));
        }
        memset(mapped, EEPROM_BLANK, parts[part].size);
        eeprom->bytes[part] = mapped;
    }
    return 0;
}

int eeprom_open(struct eeprom *eeprom, const char *folder, struct problem *problem)
{
    *eeprom = (struct eeprom){.folder = -1};
    int result = 0;
    if (folder == NULL) {
        result = ram_open(eeprom, problem);
    } else {
        result = folder_open(eeprom, folder, problem);
        for (int part = 0; part < EEPROM_PARTS && result == 0; part++) {
            result = part_check(eeprom->folder, folder, (enum eeprom_part)part, problem);
        }
        for (int part = 0; part < EEPROM_PARTS && result == 0; part++) {
            result = part_open(eeprom, folder, (enum eeprom_part)part, problem);
        }
    }
    if (result != 0) {
        eeprom_close(eeprom);
    }
    return result;
}

int eeprom_sync(struct eeprom *eeprom)
{
    int result = 0;
    for (int part = 0; part < EEPROM_PARTS && eeprom->folder >= 0; part++) {
        if (msync(eeprom->bytes[part], parts[part].size, MS_SYNC) != 0) {
            result = -1;
        }
    }
    return result;
}

void eeprom_close(struct eeprom *eeprom)
{
    for (int part = 0; part < EEPROM_PARTS; part++) {
        if (eeprom->bytes[part] != NULL) {
            (void)munmap(eeprom->bytes[part], parts[part].size);
            eeprom->bytes[part] = NULL;
        }
    }
    if (eeprom->folder >= 0) {
        (void)close(eeprom->folder);
        eeprom->folder = -1;
    }
}

static bool part_holds(enum eeprom_part part, uint32_t address, uint32_t n_bytes)
{
    return address <= parts[part].size && n_bytes <= parts[part].size - address;
}

int eeprom_read(const struct eeprom *eeprom, enum eeprom_part part, uint32_t address, void *bytes,
                uint32_t n_bytes)
{
    if (!part_holds(part, address, n_bytes)) {
        return -1;
    }
    memcpy(bytes, eeprom->bytes[part] + address, n_bytes);
    return 0;
}

int eeprom_write(struct eeprom *eeprom, enum eeprom_part part, uint32_t address, const void *bytes,
                 uint32_t n_bytes)
{
    if (!part_holds(part, address, n_bytes)) {
        return -1;
    }
    memcpy(eeprom->bytes[part] + address, bytes, n_bytes);
    return 0;
}
