#include "problem.h"

#include <stdarg.h>
#include <stdio.h>

int problem_set(struct problem *problem, int exit_status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    problem->exit_status = exit_status;
    (void)vsnprintf(problem->text, sizeof problem->text, format, arguments);
    va_end(arguments);
    return -1;
}
