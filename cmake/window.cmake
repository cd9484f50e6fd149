# The files of meter382 that every window passes through (docs/figures.md): optimised over all of them at once.
#
# Their objects hold both forms: meter382 alone is linked with the one for the whole, everything else (a hundred tests) with
# ordinary code.  The legal part is left out: its code must stay in one piece (ports/linux/legal_program.ld), and nothing of it
# may melt into what is outside its wall.  Its own files on the way are compiled as one.
set(OPEN382_WINDOW_PATH
  app/alarm/alarms.c app/analysis/analysis_mean.c app/breaker/breaker.c app/clock/clock.c app/clock/clock_rate.c app/display/display.c
  app/meter/meter.c app/meter/meter_alarms.c app/meter/meter_analysis.c app/meter/meter_clock.c app/meter/meter_events.c
  app/load_control/load_control.c app/meter/meter_breaker.c app/meter/meter_load.c app/meter/meter_log.c
  app/meter/meter_pins.c app/meter/meter_prepay.c app/meter/meter_quality.c app/meter/meter_tamper.c
  app/modules/meter_modules.c app/neutral/neutral.c app/pins/pin_table.c app/prepay/prepay.c app/quality/quality.c app/quality/quality_events.c
  app/quality/quality_number.c app/tamper/tamper.c app/variant/variant.c
  lab/halves.c lab/mains.c lab/overlay.c lab/phasor.c lab/table.c
  ports/linux/instant.c ports/linux/run.c ports/linux/site.c ports/linux/site_quality.c)

# gcc for x86-64 clears and copies structures of 64 bytes to 8 kB by "rep stos" and "rep movs", which take some 13 ns to begin.
set(OPEN382_WINDOW_FLAGS "")
if(OPEN382_LTO AND CMAKE_C_COMPILER_ID STREQUAL "GNU" AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  set(OPEN382_WINDOW_FLAGS -mmemset-strategy=unrolled_loop:256:noalign,libcall:-1:noalign
    -mmemcpy-strategy=unrolled_loop:256:noalign,libcall:-1:noalign)
endif()

set(OPEN382_LEGAL_WINDOW_PATH
  bus/bus_frame.c energy/no_load.c energy/timing.c energy/drift.c energy/neighbours.c energy/system.c energy/registers.c
  energy/pulses.c energy/supply.c energy/booking.c)

function(open382_window)
  if(NOT OPEN382_LTO)
    return()
  endif()
  foreach(file ${OPEN382_WINDOW_PATH})
    string(REGEX MATCH "^(app|lab|ports/linux)" folder ${file})
    set_property(SOURCE ${CMAKE_SOURCE_DIR}/${file} DIRECTORY ${CMAKE_SOURCE_DIR}/${folder}
      APPEND PROPERTY COMPILE_OPTIONS -flto -ffat-lto-objects ${OPEN382_WINDOW_FLAGS})
  endforeach()
  target_compile_options(legal PRIVATE ${OPEN382_WINDOW_FLAGS})
  set_target_properties(legal PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  foreach(file ${OPEN382_LEGAL_WINDOW_PATH})
    set_property(SOURCE ${CMAKE_SOURCE_DIR}/legal/${file} DIRECTORY ${CMAKE_SOURCE_DIR}/legal PROPERTY UNITY_GROUP window)
  endforeach()
  target_link_options(meter382 PRIVATE -flto=2)
endfunction()

# The compiler takes the other form wherever there is one, unless it is told not to.
if(OPEN382_LTO)
  add_link_options($<$<NOT:$<STREQUAL:$<TARGET_PROPERTY:NAME>,meter382>>:-fno-lto>)
endif()
