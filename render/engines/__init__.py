"""What renders the objects of a plan: processes of this machine, or a cluster's."""
