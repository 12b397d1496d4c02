"""The report: one offline HTML file, and py3Dmol views for notebooks."""
