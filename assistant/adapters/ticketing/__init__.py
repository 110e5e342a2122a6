"""Systems in which people work tickets."""
