import 'dart:io';

import 'package:code_assets/code_assets.dart';
import 'package:hooks/hooks.dart';

/// Puts the native library into the app: `native/OS_ARCHITECTURE/` of this package has it, as `README.md` says.
void main(List<String> arguments) => build(arguments, (input, output) async {
  if (!input.config.buildCodeAssets) return;
  final code = input.config.code;
  final platform = '${code.targetOS.name}_${code.targetArchitecture.name}';
  final file = input.packageRoot.resolve('native/$platform/${code.targetOS.dylibFileName('uniffi_scrubjay')}');
  output.dependencies.add(file);
  // Without it the app is built all the same: it then collects nothing, and says so.
  if (!File.fromUri(file).existsSync()) {
    stderr.writeln('scrubjay: no native library for $platform; the app will collect nothing');
    return;
  }
  output.assets.code.add(
    CodeAsset(package: input.packageName, name: 'scrubjay.dart', linkMode: DynamicLoadingBundled(), file: file),
  );
});
