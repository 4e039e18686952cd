//! The words that names of personal data are made of.

use crate::scrub::policy::Rule;

/// Names as words run together in lower case; a name in use may have further words before them, and a
/// [`FILLERS`] word behind them.
#[rustfmt::skip]
pub(super) const NAMES: [(Rule, &[&str]); 14] = [
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
pub(super) const FILLERS: [&str; 17] = [
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
