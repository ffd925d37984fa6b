"""What a branch has at hand for its next meeting: texts, tasks, themes."""
