"""Five factors, their weighted sum and the sentence that explains it: pure functions of arrays, no words of ideas."""
