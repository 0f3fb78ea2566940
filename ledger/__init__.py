"""The bottom floor: database, time, who acts, errors, facts, files. It knows no certificate and no process."""
