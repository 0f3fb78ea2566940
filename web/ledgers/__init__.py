"""The register of certificates: lists, one certificate, exports, what would follow from losing one."""
