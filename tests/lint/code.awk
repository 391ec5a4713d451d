# Prints C sources with comments and the insides of strings and character constants blanked out,
# line by line, as FILE:LINE:TEXT. A // comment is kept as it is, so that it can be found.
FNR == 1 { in_comment = 0 }
{
	out = ""
	n = length($0)
	for (i = 1; i <= n; i++) {
		c = substr($0, i, 1)
		two = substr($0, i, 2)
		if (in_comment) {
			if (two == "*/") {
				in_comment = 0
				i++
			}
			continue
		}
		if (two == "/*") {
			in_comment = 1
			out = out " "
			i++
			continue
		}
		if (two == "//") {
			out = out substr($0, i)
			break
		}
		if (c == "\"" || c == "'") {
			out = out c
			for (i++; i <= n && substr($0, i, 1) != c; i++)
				if (substr($0, i, 1) == "\\")
					i++
			out = out c
			continue
		}
		out = out c
	}
	print FILENAME ":" FNR ":" out
}
