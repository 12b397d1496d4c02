"""What every layer stands on: errors, units, settings, content keys, atomic files, the catalogue."""
