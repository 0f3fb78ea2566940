"""Runs BPMN diagrams: what is accepted, stored, locked, timed and told. It knows neither Flask nor certificates."""
