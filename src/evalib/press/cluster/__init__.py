"""Reports made by the workers of a Dask cluster: `evalib run --cluster`."""
