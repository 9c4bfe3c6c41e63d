"""Keras as results were measured with it, whatever a user's own `keras.json` or environment says."""

from __future__ import annotations


def standard_settings() -> None:
    """Sets everything global in Keras that a number depends on: image format, float type and epsilon.

    Raises:
        RuntimeError: Keras was imported with another backend before.
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
