"""Everything that touches the outside. TensorFlow, OpenCV, SQLAlchemy and Pillow appear only here."""
