"""The domain in plain typed Python: values in, values out. Only `pipeline.definitions` knows Dagster."""
