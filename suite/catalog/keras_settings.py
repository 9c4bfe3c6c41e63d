"""Sets the global Keras settings that results depend on, regardless of `keras.json` and environment."""

from __future__ import annotations


def standard_settings() -> None:
    """Sets image format, float type and epsilon of Keras.

    Raises:
        RuntimeError: Keras was already imported with another backend.
    """
    import keras

    if keras.config.backend() != "tensorflow":
        raise RuntimeError(
            f"Keras was imported with the backend {keras.config.backend()!r}. The suite trains on TensorFlow: import it "
            "before Keras, or set KERAS_BACKEND=tensorflow."
        )
    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    keras.config.set_epsilon(1e-7)
