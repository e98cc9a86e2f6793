'use strict'; // A worker that does nothing.
