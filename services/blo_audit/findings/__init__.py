"""The closed list of what an audit can find, in codes and in words."""
