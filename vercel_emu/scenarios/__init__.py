"""Playing scenarios: the requests of many visitors, sent in time and checked as they come back."""
