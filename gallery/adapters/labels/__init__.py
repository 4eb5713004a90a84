"""Files that say what photos show: pairs to compare, boxes of faces, names of faces, errors in names."""
