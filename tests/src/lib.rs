//! Whole-farm stories: simulated farm, architecture, Wine
