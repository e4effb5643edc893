"""What a comparison looks like: text, a page without a script, a chart."""
