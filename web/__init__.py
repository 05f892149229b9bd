"""The gallery: pages, pictures and JSON for people who look at designs. No rule of `pipeline` lives here."""
