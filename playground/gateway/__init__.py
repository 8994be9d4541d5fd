"""The gateway, v10: sessions over WebSockets."""
