"""One module per thing a user does. Use cases know the ports of the domain, never what is behind them."""
