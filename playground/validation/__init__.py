"""What Discord accepts in a request's body. Each check collects everything that is wrong before it refuses."""
