"""The `engine` command. It composes what the other rooms offer and holds no rule of its own."""
