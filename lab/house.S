/* The built-in house: data/house-sceaux-2007-02.csv as it is, between two labels. */
    .section .rodata
    .global lab_house_csv
    .global lab_house_csv_end
    .balign 4
lab_house_csv:
    .incbin HOUSE_CSV
lab_house_csv_end:
    .byte 0
    .section .note.GNU-stack, "", %progbits
