"""The only package that speaks SQL. Called on the core thread; each public function is one transaction."""
