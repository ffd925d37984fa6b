"""Typesetting and spreadsheets: plain values in, PDF, DOCX, XLSX and SVG out. No Django.

Every string arrives already worded in Chinese; nothing here decides what is due or late.
"""
