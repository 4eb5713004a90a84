"""Pictures of a run for the operator's eyes: annotated copies and a contact sheet."""
