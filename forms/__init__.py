"""Forms: form-js schemas that the browser draws and the server checks again. Blind to the engine and the register."""

from forms.schema import Form, library, load

__all__ = ["Form", "library", "load"]
