"""The CDN's cache in front of the functions (`--cdn-cache`): policy, store and gate."""
