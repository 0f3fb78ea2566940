"""The register: people, certificates, who may see them, what is due. It never calls the engine."""
