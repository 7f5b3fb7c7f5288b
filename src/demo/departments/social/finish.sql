CREATE INDEX pension_beneficiary_name ON pension_beneficiary (applicant_name, dob);
CREATE INDEX pension_beneficiary_scheme ON pension_beneficiary (scheme_code, payment_status);
