//! Names of personal data: what a member's name, or a label in a text, says its value is.
//!
//! Unlike a name such as `password`, these names do not take any value: the value must have the kind's form
//! ([`shape`](super::shape)), so that `address: "in use"`, `mobile: true` and `location: "eu-west-1"` stay.

use std::sync::LazyLock;

use super::endings::Endings;
use super::policy::Rule;

/// Words of a name that are looked at, from its end.
const MAX_WORDS: usize = 5;

/// Longer names are not looked at: nobody names personal data in so many words.
const MAX_NAME: usize = 64;

/// Names as words run together in lower case; a name in use may have further words before them, and a
/// [`FILLERS`] word behind them.
#[rustfmt::skip]
const NAMES: [(Rule, &[&str]); 14] = [
    (Rule::Ssn, &["ssn", "ssnumber", "socialsecurity", "socialsecuritynumber", "socialsec", "usssn", "last4ssn"]),
    (Rule::NationalId, &[
        "nino",
        "nationalinsurance", "nationalinsurancenumber", "nin", "niss", "nss", "nir", "insee", "nationalid",
        "nationalidnumber", "nationalidentity", "nationalidentitynumber", "nationalidentifier", "nationalregister",
        "identitynumber", "identityno", "identitycard", "identificationnumber", "identitydocument",
        "idnumber", "idno", "idnum", "idcard", "idcardnumber", "idcode", "personalid", "personalidnumber",
        "personalnumber", "personalcode", "personalidentitynumber", "personalidentificationnumber",
        "citizenid", "citizennumber", "citizenservicenumber", "civilid", "residentid", "residentregistration",
        "governmentid", "govid", "govtid", "voterid", "votercard", "cpf", "curp", "dni", "nie", "nif",
        "aadhaar", "aadhar", "uidai", "bsn", "burgerservicenummer", "sofinummer", "pesel", "personnummer", "pnr",
        "samordningsnummer", "organisationsnummer", "hetu", "henkilötunnus", "henkilotunnus", "cpr", "cprnummer",
        "fodselsnummer", "fødselsnummer", "cnp", "egn", "jmbg", "umcn", "oib", "emso", "asmenskodas", "isikukood",
        "personaskods", "rodnecislo", "birthnumber", "amka", "sin", "nas", "socialinsurance",
        "socialinsurancenumber", "rut", "cedula", "cédula", "cedulaidentidad", "dui", "nric",
        "hkid", "mykad", "nik", "ktp", "tckn", "tckimlik", "tckimlikno", "kimlikno", "rrn", "mynumber",
        "codicefiscale", "fiscalcode", "rsin", "pps", "ppsn", "lanr", "arztnummer", "avs", "ahv", "ahvnummer",
        "taj", "szemelyi", "cccd", "cmnd", "thaiid", "tnin", "cnic", "nicnumber", "emiratesid", "qid", "iqama",
        "teudatzehut", "rsaid", "saidnumber", "bvn", "ghanacard", "เลขบัตรประชาชน",
        "númerodeidentificacióndeextranjero", "numerodeidentificaciondeextranjero", "personalausweis",
        "personalausweisnummer", "ausweisnummer", "rentenversicherungsnummer", "sozialversicherungsnummer", "svnr",
    ]),
    (Rule::Passport, &[
        "passport", "passportnumber", "passportno", "passportid", "passportnum", "ppnumber", "pasaporte",
        "númerodepasaporte", "numerodepasaporte", "passeport", "reisepass", "reisepassnummer", "passnummer",
        "passaporte", "passaporto", "paspoort", "paspoortnummer", "traveldocument", "traveldocumentnumber",
    ]),
    (Rule::DriverLicense, &[
        "driverlicense", "driverlicence", "driverslicense", "driverslicence", "driverlicensenumber",
        "driverlicencenumber", "driverslicensenumber", "driverslicencenumber", "drivinglicense", "drivinglicence",
        "drivinglicencenumber", "drivinglicensenumber", "dlnumber", "dlno", "license",
        "licence", "licensenumber", "licencenumber", "licenseno", "licenceno", "fuhrerschein", "führerschein",
        "führerscheinnummer", "permisdeconduire", "rijbewijs", "carnetdeconducir", "patente", "cnh",
    ]),
    (Rule::TaxId, &[
        "taxid", "taxidnumber", "taxno", "taxnum", "taxnumber", "taxcode", "taxpayerid", "taxpayernumber",
        "taxidentifier", "taxidentification", "taxidentificationnumber", "taxpayeridentification",
        "taxpayeridentificationnumber", "taxref", "taxreference", "tin", "itin", "ein", "utr", "tfn",
        "taxfilenumber", "vat", "vatid", "vatnumber", "vatno", "vatin", "ustid", "ustidnr", "pan", "pannumber",
        "pancard", "gstin", "gst", "abn", "acn", "cnpj", "cuit", "cuil", "nit", "ruc", "npwp", "vkn", "afm",
        "steuerid", "steueridnr", "steueridentifikationsnummer", "steuernummer", "idnr", "nip", "partitaiva",
        "numerofiscal", "numérofiscal", "siret", "siren", "edrpou", "inn", "uen",
    ]),
    (Rule::HealthId, &[
        "healthid", "healthidnumber", "healthnumber", "healthcard", "healthcardnumber", "healthinsurance",
        "healthinsurancenumber", "healthinsuranceid", "nhs", "nhsnumber", "nhsno", "medicare", "medicarenumber",
        "medicareid", "medicaid", "medicaidnumber", "mbi", "medicalrecord", "medicalrecordnumber", "mrn", "npi",
        "patientid", "patientnumber", "deanumber", "kvnr", "krankenversichertennummer", "versichertennummer", "ihi",
        "medicallicense", "cartevitale", "insurancenumber", "policynumber", "hicn",
    ]),
    (Rule::BankAccount, &[
        "bankaccount", "bankaccountnumber", "bankaccountno", "accountnumber", "accountno", "acctnumber", "acctno",
        "acctnum", "accountnum", "routingnumber", "routingno", "abarouting", "abaroutingnumber", "aba", "sortcode",
        "bsb", "ibannumber", "iban", "kontonummer", "clabe", "accountiban", "bankgiro", "plusgiro", "banknumber",
        "ifsc", "swiftcode",
    ]),
    (Rule::LicensePlate, &[
        "licenseplate", "licenceplate", "licenseplatenumber", "licenceplatenumber", "platenumber", "plateno",
        "numberplate", "vehicleregistration", "vehicleregistrationnumber", "vehicleplate", "carplate",
        "carregistration", "registrationplate",
        "kennzeichen", "nummernschild", "plaka", "plakası", "plakasi", "matricula", "targa",
    ]),
    (Rule::DeviceId, &[
        "imei", "imeinumber", "deviceimei", "imei1", "imei2", "imeisv", "meid", "imsi", "iccid", "simserial",
    ]),
    (Rule::BirthDate, &[
        "dob", "dateofbirth", "birthdate", "birthday", "birthdt", "birthyear", "yearofbirth", "bdate", "bday", "born",
        "bornon", "geburtsdatum", "geboren", "datedenaissance", "fechadenacimiento", "fechanacimiento",
        "datadenascimento", "datadinascita", "geboortedatum", "dataurodzenia",
    ]),
    (Rule::Phone, &[
        "phone", "phoneno", "phonenumber", "phonenum", "phones", "phonenumbers", "telephone", "telephonenumber",
        "telephoneno", "tel", "telno", "telnumber", "telefon", "telefonnummer", "telefono", "teléfono", "telefone",
        "telepono", "téléphone", "cellphone", "cell", "cellno", "cellnumber", "cellular", "celular", "mobile",
        "mobileno", "mobilenumber", "mobilephone", "mobil", "handynummer", "fax", "faxno",
        "faxnumber", "whatsapp", "msisdn", "contactno", "contactnumber", "contactphone", "callerid", "callernumber",
        "homephone", "workphone", "landline", "cepno", "cep", "ceptelefonu", "gsmno",
    ]),
    (Rule::Person, &[
        "firstname", "lastname", "fullname", "middlename", "surname", "givenname", "givennames", "familyname",
        "forename", "maidenname", "fname", "lname", "customername", "recipientname", "recipient", "patientname",
        "employeename", "personname", "contactname", "passengername", "cardholder", "cardholdername", "nameoncard",
        "accountholder", "accountholdername", "beneficiary", "beneficiaryname", "guestname", "studentname",
        "legalname", "realname", "billingname", "shippingname", "spousename", "mothername", "mothersmaidenname",
        "fathername", "vorname", "nachname", "prenom", "prénom", "apellido", "apellidos", "nombrecompleto", "cognome",
    ]),
    (Rule::Address, &[
        "address", "streetaddress", "street", "streetname", "address1", "address2", "addressline", "addressline1",
        "addressline2", "addressstreet", "homeaddress", "postaladdress", "mailingaddress", "billingaddress",
        "shippingaddress", "deliveryaddress", "residentialaddress", "fulladdress", "addr", "addr1", "anschrift",
        "adresse", "direccion", "dirección", "indirizzo", "endereco", "endereço", "adres",
    ]),
    (Rule::Geo, &[
        "gps", "location", "coordinates", "coordinate", "coords", "geo", "geolocation", "geopoint", "geocoordinates",
        "gpslocation", "gpscoordinates", "latlng", "latlon", "latlong", "latitude", "longitude", "lat", "lng", "lon",
    ]),
];

/// Words behind a name that add nothing to it.
const FILLERS: [&str; 17] = [
    "number",
    "no",
    "nr",
    "num",
    "nbr",
    "is",
    "was",
    "ist",
    "es",
    "est",
    "numero",
    "número",
    "nummer",
    "numarası",
    "numéro",
    "nº",
    "n°",
];

/// The rule that the words at the end of `name` bring on a value of its form.
pub(crate) fn rule_of(name: &str) -> Option<Rule> {
    // A name that holds a token was rewritten; what it says now it did not say before.
    if name.len() > MAX_NAME || name.len() < 2 || name.contains('[') {
        return None;
    }
    rule_of_words(name.as_bytes())
}

/// [`rule_of`] of the last words in `text`, of which at most [`MAX_NAME`] bytes are looked at.
pub(super) fn rule_of_words(text: &[u8]) -> Option<Rule> {
    let text = &text[text.len().saturating_sub(MAX_NAME)..];
    if !may_end(text) {
        return None;
    }
    let words = Words::of(text);
    for end in (0..=words.count).rev().take(3) {
        for first in end.saturating_sub(MAX_WORDS)..end {
            if let Some(rule) = lookup(words.between(first, end)) {
                return Some(rule);
            }
        }
        let is_filler = end > 0 && FILLERS.iter().any(|filler| filler.as_bytes() == words.between(end - 1, end));
        if !is_filler {
            break;
        }
    }
    None
}

/// Whether `text` may end with a name; nearly always it does not, and this is a quick no.
pub(super) fn may_end(text: &[u8]) -> bool {
    static ENDINGS: LazyLock<Endings> =
        LazyLock::new(|| Endings::of(NAMES.iter().flat_map(|(_, names)| names.iter()).chain(&FILLERS)));
    ENDINGS.may_end(text)
}

/// A name's words in lower case, run together.
struct Words {
    letters: [u8; MAX_NAME],
    /// Where each word begins, and where the last one ends.
    starts: [usize; MAX_NAME + 1],
    count: usize,
}

impl Words {
    fn of(text: &[u8]) -> Self {
        let mut words = Self { letters: [0; MAX_NAME], starts: [0; MAX_NAME + 1], count: 0 };
        let (mut len, mut previous) = (0, b' ');
        for &byte in text {
            if is_letter(byte) {
                let starts = !is_letter(previous) || previous.is_ascii_lowercase() && byte.is_ascii_uppercase();
                words.count += usize::from(starts);
                words.letters[len] = byte.to_ascii_lowercase();
                len += 1;
                words.starts[words.count] = len;
            } else if matches!(byte, b'\'') && is_letter(previous) {
                // `driver's` is one word.
                continue;
            }
            previous = byte;
        }
        words
    }

    fn between(&self, first: usize, end: usize) -> &[u8] {
        &self.letters[self.starts[first]..self.starts[end]]
    }
}

const fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// Slots of the table of names, a power of two more than twice their number.
const SLOTS: usize = 1 << 11;

type Slot = Option<(&'static [u8], Rule)>;

/// Open addressing: a name stands at its hash or in the next free slot.
static TABLE: LazyLock<Vec<Slot>> = LazyLock::new(|| {
    let mut table = vec![None; SLOTS];
    for (rule, names) in NAMES {
        for name in names {
            let mut slot = hash(name.as_bytes());
            while table[slot].is_some() {
                slot = (slot + 1) % SLOTS;
            }
            table[slot] = Some((name.as_bytes(), rule));
        }
    }
    table
});

fn lookup(name: &[u8]) -> Option<Rule> {
    let mut slot = hash(name);
    while let Some((known, rule)) = TABLE[slot] {
        if known == name {
            return Some(rule);
        }
        slot = (slot + 1) % SLOTS;
    }
    None
}

/// FNV-1a, folded to a slot: short keys, nothing an attacker could gain by collisions in a fixed table.
fn hash(name: &[u8]) -> usize {
    let hash = name.iter().fold(0x811c_9dc5_u32, |hash, &byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash ^ hash >> 15) as usize % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_personal_data_are_known_in_every_spelling() {
        for (name, rule) in [
            ("passport_number", Rule::Passport),
            ("passportNo", Rule::Passport),
            ("user.ssn", Rule::Ssn),
            ("SSN", Rule::Ssn),
            ("nationalInsuranceNumber", Rule::NationalId),
            ("Driver's license no.", Rule::DriverLicense),
            ("customer-tax-id", Rule::TaxId),
            ("NHS number", Rule::HealthId),
            ("home_phone", Rule::Phone),
            ("primaryPhoneNumber", Rule::Phone),
            ("first_name", Rule::Person),
            ("date_of_birth", Rule::BirthDate),
            ("addressLine1", Rule::Address),
            ("Führerscheinnummer", Rule::DriverLicense),
        ] {
            assert_eq!(rule_of(name), Some(rule), "{name}");
        }
    }

    #[test]
    fn technical_names_are_left() {
        for name in [
            "name",
            "k8s.node.name",
            "service.name",
            "host.name",
            "username",
            "hostname",
            "url.path",
            "user_agent",
            "id",
            "number",
            "session_id",
            "trace_id",
            "event",
            "country",
            "phone_model",
            "[phone]",
            "",
            "passport_expired",
            "cicd.pipeline.run.id",
            "document_id",
            "tax_code_id",
            "rfc",
        ] {
            assert_eq!(rule_of(name), None, "{name}");
        }
    }
}
