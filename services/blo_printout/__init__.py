"""Papers: what offices and auditors print, as a value that is set as text, PDF/A or a workbook."""
