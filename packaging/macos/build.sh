#!/usr/bin/env bash
# dist/Rubato-VERSION.dmg from a clean checkout. Not run yet: written from the tools' documentation. See ../README.md.
set -euo pipefail
cd "$(dirname "$0")/../.."
python3 packaging/targets.py setup
python=$PWD/.venv/bin/python
version=$("$python" -c 'import app; print(app.__version__)')
model=$("$python" -c 'from app.downloads import catalogue, models_folder
from app.paths import user_paths
print(models_folder.find_model(catalogue.load().entry(catalogue.STARTER_ID), user_paths()))')

# an Apple silicon Mac is one kind of processor with Metal: no variants, but not for this machine's own either
engine=$PWD/build/package/engine-macos
if [ ! -d "$engine" ]; then
    pin=$("$python" -c 'import sys; sys.path.insert(0, "packaging")
import variants; print(variants.pinned(open("requirements.lock").read()))')
    mkdir -p build/package
    printf '%s\n' "$pin" > build/package/llama.txt
    CMAKE_ARGS="-DGGML_NATIVE=OFF -DGGML_METAL=ON -DGGML_METAL_EMBED_LIBRARY=ON -DLLAVA_BUILD=OFF -DCMAKE_OSX_DEPLOYMENT_TARGET=13.0" \
        "$python" -m pip install --no-deps --require-hashes --no-binary=:all: --no-cache-dir \
        --target "$engine" -r build/package/llama.txt
fi

icons=build/package/rubato.iconset
rm -rf "$icons" && mkdir -p "$icons"
QT_QPA_PLATFORM=offscreen "$python" packaging/icons.py build/package/icons
for size in 32 128 256; do
    cp "build/package/icons/${size}x$size/apps/rubato.png" "$icons/icon_${size}x$size.png"
done
iconutil -c icns "$icons" -o build/package/rubato.icns

identity=${RUBATO_IDENTITY:-}
PYTHONPATH=$engine:$PWD PYINSTALLER_STRICT_BUNDLE_CODESIGN_ERROR=1 "$python" -m PyInstaller --noconfirm --clean \
    --distpath build/package/dist --workpath build/package/pyinstaller packaging/rubato.spec
bundle=build/package/dist/Rubato.app
models=$bundle/Contents/Resources/app/models
cp "$model" "$models/"
cp "$model.sha256" "$models/"
touch "$models/$(basename "$model").sha256"
cp LICENSE packaging/LICENSES.md packaging/CHANGELOG.md "$bundle/Contents/Resources/"
"$python" packaging/licenses.py --texts "$bundle/Contents/Resources/licenses"

# PyInstaller has signed everything in it (rubato.spec); what came since needs the seal of the bundle anew
if [ -n "$identity" ]; then
    codesign --force --timestamp --options runtime --entitlements packaging/macos/entitlements.plist --sign "$identity" "$bundle"
else
    codesign --force --sign - "$bundle"
fi
codesign --verify --strict --deep "$bundle"

dmg=dist/Rubato-$version.dmg
folder=$(mktemp -d)
mkdir -p dist
cp -R "$bundle" "$folder/"
ln -s /Applications "$folder/Applications"
hdiutil create -volname Rubato -srcfolder "$folder" -ov -format UDZO "$dmg"
rm -rf "$folder"
if [ -n "$identity" ]; then
    codesign --force --timestamp --sign "$identity" "$dmg"
    xcrun notarytool submit "$dmg" --keychain-profile "$RUBATO_NOTARY_PROFILE" --wait
    xcrun stapler staple "$dmg"
    spctl --assess --type open --context context:primary-signature "$dmg"
fi
echo "Ready: $dmg"
