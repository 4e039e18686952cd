import 'dart:convert';

import 'bindings.dart';

/// Keys of sealed values, in base64url.
final class KeyPair {
  /// A pair of keys.
  const KeyPair(this.publicKey, this.secretKey);

  /// For the configuration, `privacy.seal.public_key`.
  final String publicKey;

  /// For whoever may open what is sealed.
  final String secretKey;
}

/// A text whose sealed values were opened.
final class Unsealed {
  /// A [text] in which [opened] values were opened.
  const Unsealed(this.text, this.opened, this.failed);

  /// The text with the values in place of their boxes.
  final String text;

  /// Boxes that were opened.
  final int opened;

  /// Boxes of another key; they stay.
  final int failed;
}

/// A fresh key pair for sealed values.
KeyPair sealKeypair({String? libraryPath}) {
  final json = jsonDecode(Bindings.find(libraryPath).sealKeypair()) as Map<String, Object?>;
  return KeyPair(json['public_key']! as String, json['secret_key']! as String);
}

/// Opens the sealed values in [text], which may be a JSON document or lines of JSON.
///
/// Throws a `ScrubjayException` (`argument_invalid`) for a key that is none.
Unsealed unseal(String secretKey, String text, {String? libraryPath}) {
  final json = jsonDecode(Bindings.find(libraryPath).unseal(secretKey, text)) as Map<String, Object?>;
  return Unsealed(json['text']! as String, json['opened']! as int, json['failed']! as int);
}
