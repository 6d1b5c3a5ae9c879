"""What the kinds of studies read and share: results, gains with their tests, common sections."""
