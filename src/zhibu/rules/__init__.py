"""The core: plain functions of plain values. No framework, no clock, no database."""
