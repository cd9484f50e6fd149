# One set of warnings for everything that we wrote; all are errors.
add_compile_options(
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wdouble-promotion
  -Wmissing-prototypes -Wstrict-prototypes -Wvla -Wimplicit-fallthrough -Wundef -Wcast-align
  -Werror)
if(OPEN382_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
if(OPEN382_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
