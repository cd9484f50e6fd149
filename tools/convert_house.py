#!/usr/bin/env python3
"""Convert the household data set of Sceaux to the CSV profile that the meter embeds.

usage: tools/convert_house.py household_sceaux_2007-02.csv > data/house-sceaux-2007-02.csv

In:  one-minute rows "",date,time,global_active_power (kW),global_reactive_power (kvar),voltage (V),...
Out: time_s,u1,p1_kw,q1_kvar,u2,u3.  The house has one phase; L2 and L3 idle at the same voltage.
Values that were not measured (NA) stay empty: the meter's CSV reader holds the row before.
"""
import csv
import sys


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print("time_s,u1,p1_kw,q1_kvar,u2,u3")
    valid_kw = held_kw = last_kw = 0.0
    with open(sys.argv[1], newline="") as source:
        for minute, row in enumerate(csv.DictReader(source)):
            power, reactive, voltage = (
                "" if row[name] == "NA" else row[name]
                for name in ("global_active_power", "global_reactive_power", "voltage"))
            print(f"{60 * minute},{voltage},{power},{reactive},{voltage},{voltage}")
            if power:
                valid_kw += float(power)
                last_kw = float(power)
            held_kw += last_kw
    print(f"{valid_kw / 60:.4f} kWh in the measured rows, {held_kw / 60:.4f} kWh with gaps held",
          file=sys.stderr)


if __name__ == "__main__":
    main()
