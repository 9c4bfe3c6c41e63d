"""How often `suite.assert_trainable` is wrong: alarms on healthy models, and seeded regressions that it catches."""
