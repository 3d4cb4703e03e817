"""The contract that the device and the server share: configuration, record keys, update codec."""
